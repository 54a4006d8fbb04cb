//! Accounts, passwords, quick PINs and sign-in sessions
