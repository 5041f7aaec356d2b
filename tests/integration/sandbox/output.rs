//! What a command said.

/// What one command said, as it said it.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The exit status; `None` where a signal ended it.
    pub(crate) code: Option<i32>,
}

impl Output {
    /// Fails the test, with all that was said, unless the command exited 0.
    #[track_caller]
    pub(crate) fn succeeded(&self) -> &Self {
        self.exited(0)
    }

    /// Fails the test, with all that was said, unless the command exited with `code`.
    #[track_caller]
    pub(crate) fn exited(&self, code: i32) -> &Self {
        assert!(
            self.code == Some(code),
            "not exit code {code}\n{}",
            self.text()
        );
        self
    }

    /// Standard output, standard error where there is any, and the exit code.
    pub(crate) fn text(&self) -> String {
        let mut text = self.stdout.clone();
        if !self.stderr.is_empty() {
            text.push_str("--- stderr\n");
            text.push_str(&self.stderr);
        }
        let code = self
            .code
            .map_or("none: a signal".to_owned(), |code| code.to_string());
        text.push_str(&format!("--- exit code {code}\n"));
        text
    }
}
