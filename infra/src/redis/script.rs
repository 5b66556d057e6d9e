//! Lua scripts: one a file in `lua/`, whose head says what it does, its keys, its arguments and what it returns.
//!
//! Each is atomic for one campaign, whose keys are all in one slot, and safe to repeat.

use std::sync::LazyLock;

use redis::{Arg, Cmd, ToRedisArgs};

/// A script, known to a server by the hash of its text.
pub(super) struct Script {
    code: &'static str,
    hash: String,
}

/// A call of a script.
pub(super) struct Invocation {
    script: &'static Script,
    cmd: Cmd,
}

impl Script {
    fn new(code: &'static str) -> Self {
        Self { code, hash: redis::Script::new(code).get_hash().to_owned() }
    }

    /// Begins a call on these keys.
    pub(super) fn on(&'static self, keys: &[String]) -> Invocation {
        let mut cmd = redis::cmd("EVALSHA");
        cmd.arg(&self.hash).arg(keys.len()).arg(keys);
        Invocation { script: self, cmd }
    }
}

impl Invocation {
    /// Adds an argument.
    pub(super) fn arg(&mut self, value: impl ToRedisArgs) -> &mut Self {
        self.cmd.arg(value);
        self
    }

    /// Adds an argument to a call that is being built.
    pub(super) fn with(mut self, value: impl ToRedisArgs) -> Self {
        self.cmd.arg(value);
        self
    }

    /// As it is sent to a server that knows the script.
    pub(super) const fn by_hash(&self) -> &Cmd {
        &self.cmd
    }

    /// As it is sent to a server that does not: with the script's text, which it then knows.
    pub(super) fn in_full(&self) -> Cmd {
        let mut cmd = redis::cmd("EVAL");
        cmd.arg(self.script.code);
        // After the command's name and the hash.
        for arg in self.cmd.args_iter().skip(2) {
            if let Arg::Simple(bytes) = arg {
                cmd.arg(bytes);
            }
        }
        cmd
    }
}

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident = $($file:literal)+;)*) => {
        $($(#[$doc])*
        pub(super) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new(concat!($(include_str!(concat!("lua/", $file)), "\n",)+)));)*
    };
}

scripts! {
    ADJUST = "life.lua" "adjust.lua";
    CLAIM = "life.lua" "claim.lua";
    FIND_HOLD = "life.lua" "find_hold.lua";
    FORGET = "forget.lua";
    HAND_OUT = "hand_out.lua";
    HOLDS_OF = "life.lua" "holds_of.lua";
    KEEP = "keep.lua";
    LEVEL = "life.lua" "level.lua";
    LOAD = "life.lua" "load.lua";
    PROBE = "life.lua" "probe.lua";
    PUBLISHED = "life.lua" "published.lua";
    RECALL = "life.lua" "recall.lua";
    RELEASE = "release.lua";
    RESERVE = "life.lua" "reserve.lua";
    SET_TERMS = "life.lua" "set_terms.lua";
    STAGE = "stage.lua";
    STANDING = "life.lua" "standing.lua";
    TRY = "try.lua";
    UNLOAD = "unload.lua";
    UNPUBLISHED = "unpublished.lua";
    UNTRY = "untry.lua";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_in_full_has_the_same_keys_and_arguments() {
        let call = CLAIM.on(&["a".to_owned(), "b".to_owned()]).with("token").with(30);
        let words = |cmd: &Cmd| -> Vec<String> {
            let text = |arg| match arg {
                Arg::Simple(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                _ => "?".to_owned(),
            };
            cmd.args_iter().map(text).collect()
        };
        let (by_hash, in_full) = (words(call.by_hash()), words(&call.in_full()));
        assert_eq!(by_hash[0], "EVALSHA");
        assert_eq!(in_full[..2], ["EVAL".to_owned(), CLAIM.code.to_owned()]);
        assert_eq!(by_hash[2..], ["2", "a", "b", "token", "30"]);
        assert_eq!(in_full[2..], by_hash[2..]);
    }
}
