//! Words that people type and the program trusts afterwards: each is checked once, where it comes in.
//!
//! A value of one of these types is safe as what it stands for: a project's name as a directory, a tmux session and
//! a TOML key; a ref and a URL as an argument of `git` that cannot be read as an option.

mod commit;
mod duration;
mod fingerprint;
mod label;
mod nearest;
mod operator;
mod path;
mod project;
mod reason;
mod reference;
mod restart;
mod shell;
mod url;
mod written;

pub(crate) use commit::CommitId;
pub(crate) use duration::{Time, duration, spelled};
pub(crate) use fingerprint::fingerprint;
pub(crate) use label::label;
pub(crate) use nearest::nearest;
pub(crate) use operator::{OneLine, Operator, Role};
pub(crate) use path::plain_path;
pub(crate) use project::Name;
pub(crate) use reason::reason;
pub(crate) use reference::Ref;
pub(crate) use restart::{Restart, RestartOn, RestartText};
pub(crate) use shell::shell_word;
pub(crate) use url::HarnessUrl;
pub(crate) use written::Odd;

/// Tells whether a character shows nothing, or changes how others are shown: names with it look like others.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Gives a checked text type the traits that files and command lines need.
macro_rules! checked_text {
    ($type:ident, $schema_pattern:literal) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $type {
            /// Returns the text as it was written.
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $type {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.0
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $schema_pattern })
            }
        }
    };
}
pub(crate) use checked_text;
