//! What the engines' error codes mean. Their texts depend on version and language and are not looked at.
//!
//! Sources: the error lists of SQLite ("Result and Error Codes"), MySQL ("Server Error Message Reference"),
//! MariaDB ("MariaDB Error Code Reference") and PostgreSQL (appendix A, "PostgreSQL Error Codes").

/// What an error means for who got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The transaction was stopped for the sake of another one. Begun again, it may pass.
    Interrupted,
    /// The engine cannot work now, whatever it is asked. The same may work later.
    Away,
    /// The statement or its values are wrong, or the data is.
    Defect,
}

/// By the primary or extended result code.
pub(super) const fn sqlite(code: i32) -> Meaning {
    match code & 0xff {
        // BUSY, LOCKED: another process writes, longer than a caller waits. NOMEM, READONLY, IOERR, FULL, CANTOPEN.
        5 | 6 | 7 | 8 | 10 | 13 | 14 => Meaning::Away,
        _ => Meaning::Defect,
    }
}

/// By the error number, which MySQL and MariaDB share below 1900.
pub(super) const fn mysql(number: u16) -> Meaning {
    match number {
        // Deadlock; lock wait timeout; a row that changed since the snapshot was made.
        1213 | 1205 | 1020 => Meaning::Interrupted,
        // Out of disk, memory or file handles.
        1021 | 1037 | 1038 | 1041 | 1114
        // Too many connections, of all or of one user, or too many of what the user may use.
        | 1040 | 1203 | 1226
        // Shutting down, killed, or the connection broke.
        | 1053 | 1077 | 1152..=1161 | 1184 | 1317 | 1927 | 4031
        // A host that is kept out after too many failures to connect.
        | 1129
        // Not a primary (any more): read-only, or a node of a cluster that has no quorum.
        | 1290 | 1836 | 1047
        // Took longer than the operator allows (MariaDB, MySQL).
        | 1969 | 3024 => Meaning::Away,
        _ => Meaning::Defect,
    }
}

/// By the SQLSTATE.
pub(super) fn postgres(state: &str) -> Meaning {
    match state {
        // Serialization failure; deadlock; a lock that did not come in time.
        "40001" | "40P01" | "55P03" => Meaning::Interrupted,
        // Whether the commit came through is not known; a session that was silent for too long; a standby.
        "40003" | "25P03" | "25006" => Meaning::Away,
        // By class: connections, resources, operators (shutting down, starting up, cancelled), disks.
        _ => match state.get(..2) {
            Some("08" | "53" | "57" | "58") => Meaning::Away,
            _ => Meaning::Defect,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stopped_a_transaction_is_told_from_what_is_away_and_what_is_wrong() {
        assert_eq!([1213, 1205].map(mysql), [Meaning::Interrupted; 2]);
        assert_eq!([1040, 1053, 1160, 1290].map(mysql), [Meaning::Away; 4]);
        assert_eq!([1062, 1064, 1146, 1406, 4025].map(mysql), [Meaning::Defect; 5]);
        assert_eq!(["40001", "40P01", "55P03"].map(postgres), [Meaning::Interrupted; 3]);
        assert_eq!(["57P01", "57P03", "08006", "53300", "25006"].map(postgres), [Meaning::Away; 5]);
        assert_eq!(["23505", "42P01", "22001", ""].map(postgres), [Meaning::Defect; 4]);
        // SQLITE_BUSY_SNAPSHOT, SQLITE_IOERR_FSYNC, SQLITE_FULL; SQLITE_CONSTRAINT_UNIQUE, SQLITE_ERROR.
        assert_eq!([517, 1034, 13].map(sqlite), [Meaning::Away; 3]);
        assert_eq!([2067, 1].map(sqlite), [Meaning::Defect; 2]);
    }
}
