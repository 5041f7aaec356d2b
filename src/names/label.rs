//! Labels: words that group projects.

/// Reads a label: one word that a shell and a list keep as one.
pub(crate) fn label(text: &str) -> Result<String, String> {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != ',';
    let length = text.chars().count();
    if (1..=64).contains(&length) && !text.starts_with('-') && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{}` is not a label: 1 to 64 characters, no white space or comma, no `-` first",
        text.escape_debug()
    ))
}
