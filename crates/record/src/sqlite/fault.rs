//! SQLite's errors as ours. Codes are compared, never texts.

use crate::error::StoreError;
use rusqlite::ErrorCode;
use std::time::Duration;

/// How long a write waits for another program's write.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn fault(error: rusqlite::Error) -> StoreError {
    let rusqlite::Error::SqliteFailure(cause, text) = error else {
        return match error {
            // A value of another type than the tables have: the file was changed by something else.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => StoreError::Damaged { what: error.to_string() },
            _ => StoreError::Internal { what: error.to_string() },
        };
    };
    let what = text.unwrap_or_else(|| cause.to_string());
    match cause.code {
        ErrorCode::DiskFull => StoreError::Full,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            StoreError::Locked { seconds: PATIENCE.as_secs() }
        }
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => StoreError::ReadOnly,
        ErrorCode::DatabaseCorrupt => StoreError::Damaged { what },
        ErrorCode::NotADatabase => StoreError::Damaged { what },
        // SQLite does not say more when the system refuses that a file grows beyond what the account may write.
        ErrorCode::SystemIoFailure if cause.extended_code == rusqlite::ffi::SQLITE_IOERR_WRITE => StoreError::Disk {
            what: format!("{what}, or the file has the size that this account may write at most, `ulimit -f`"),
        },
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory => StoreError::Disk { what },
        _ => StoreError::Internal { what },
    }
}

/// Whether a statement was refused because a row with its key is there already.
pub(super) fn is_there_already(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
