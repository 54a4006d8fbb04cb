//! Virtual participants, staff and slips, from a seed
