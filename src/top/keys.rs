//! Keys, read from the bytes that a terminal sends.

/// What starts and ends what was pasted, where the terminal was asked to say so.
const PASTE: (&[u8], &[u8]) = (b"\x1b[200~", b"\x1b[201~");

/// What somebody did with the keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    /// With Ctrl held: the letter, small.
    Control(char),
    /// Text that was pasted: its letters are no keys.
    Pasted(String),
    Enter,
    Tab,
    BackTab,
    Escape,
    Backspace,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
}

/// Bytes on their way to being keys: a key's bytes may come in parts.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pending: Vec<u8>,
}

/// What the first bytes are.
enum First {
    /// A key, or nothing that means anything, of so many bytes.
    Is(Option<Key>, usize),
    /// The beginning of something.
    Begins,
}

impl Keys {
    /// Takes bytes in, and returns the keys that are whole.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.pending.extend_from_slice(bytes);
        let mut keys = Vec::new();
        while !self.pending.is_empty() {
            match first(&self.pending) {
                First::Is(key, length) => {
                    self.pending.drain(..length);
                    keys.extend(key);
                }
                First::Begins => break,
            }
        }
        keys
    }

    /// Tells whether something has begun whose end has not come. A lone Escape is that too: see [`Self::give_up`].
    pub(super) fn has_begun(&self) -> bool {
        !self.pending.is_empty() && !self.pending.starts_with(PASTE.0)
    }

    /// Takes what has begun for all there is: of an Escape that nothing follows, the key.
    pub(super) fn give_up(&mut self) -> Vec<Key> {
        let pending = std::mem::take(&mut self.pending);
        match pending.split_first() {
            Some((0x1b, rest)) => {
                let mut keys = vec![Key::Escape];
                keys.extend(self.take(rest));
                keys
            }
            Some(_) | None => Vec::new(),
        }
    }
}

fn first(bytes: &[u8]) -> First {
    match bytes {
        [] | [0x1b] | [0x1b, b'['] | [0x1b, b'O'] => First::Begins,
        [0x1b, b'[', ..] if bytes.starts_with(PASTE.0) => pasted(bytes),
        [0x1b, b'[', rest @ ..] => sequence(rest),
        [0x1b, b'O', letter, ..] => First::Is(named(&[], *letter), 3),
        [0x1b, ..] => First::Is(Some(Key::Escape), 1),
        [b'\r' | b'\n', ..] => First::Is(Some(Key::Enter), 1),
        [b'\t', ..] => First::Is(Some(Key::Tab), 1),
        [0x7f | 0x08, ..] => First::Is(Some(Key::Backspace), 1),
        [byte @ 1..=26, ..] => First::Is(Some(Key::Control(char::from(byte - 1 + b'a'))), 1),
        [0..0x20, ..] => First::Is(None, 1),
        bytes => letter(bytes),
    }
}

/// Reads what follows `ESC [`: parameters, and the letter that says what it is.
fn sequence(rest: &[u8]) -> First {
    match rest.iter().position(|byte| (0x40..=0x7e).contains(byte)) {
        Some(end) => First::Is(named(&rest[..end], rest[end]), end + 3),
        // No key is as long as this.
        None if rest.len() > 32 => First::Is(None, rest.len() + 2),
        None => First::Begins,
    }
}

fn named(parameters: &[u8], letter: u8) -> Option<Key> {
    let number = parameters.split(|byte| *byte == b';').next();
    Some(match (letter, number.unwrap_or_default()) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'C', _) => Key::Right,
        (b'D', _) => Key::Left,
        (b'H', _) | (b'~', b"1" | b"7") => Key::Home,
        (b'F', _) | (b'~', b"4" | b"8") => Key::End,
        (b'Z', _) => Key::BackTab,
        (b'M', []) => Key::Enter,
        (b'~', b"5") => Key::PageUp,
        (b'~', b"6") => Key::PageDown,
        _ => return None,
    })
}

fn pasted(bytes: &[u8]) -> First {
    let text = &bytes[PASTE.0.len()..];
    let end = text
        .windows(PASTE.1.len())
        .position(|window| window == PASTE.1);
    match end {
        Some(end) => {
            let pasted = String::from_utf8_lossy(&text[..end]).into_owned();
            First::Is(
                Some(Key::Pasted(pasted)),
                PASTE.0.len() + end + PASTE.1.len(),
            )
        }
        None => First::Begins,
    }
}

fn letter(bytes: &[u8]) -> First {
    let wanted = match bytes[0] {
        0..0x80 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0.. => 4,
        0x80..0xc0 => return First::Is(None, 1),
    };
    let Some(bytes) = bytes.get(..wanted) else {
        return First::Begins;
    };
    match std::str::from_utf8(bytes) {
        Ok(text) => First::Is(text.chars().next().map(Key::Char), wanted),
        Err(_) => First::Is(None, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_what_terminals_send() {
        let all = Keys::default().take(
            b"q\r\t\x7f\x03\x1b[A\x1bOB\x1b[1;5C\x1b[5~\x1b[6~\x1b[H\x1b[4~\x1b[Z\xe2\x9c\x93",
        );
        assert_eq!(
            all,
            [
                Key::Char('q'),
                Key::Enter,
                Key::Tab,
                Key::Backspace,
                Key::Control('c'),
                Key::Up,
                Key::Down,
                Key::Right,
                Key::PageUp,
                Key::PageDown,
                Key::Home,
                Key::End,
                Key::BackTab,
                Key::Char('✓'),
            ]
        );
    }

    #[test]
    fn a_key_may_come_in_parts() {
        let mut keys = Keys::default();
        for part in [&b"\x1b"[..], b"[", b"1;5", b"\xe2"] {
            assert_eq!(keys.take(part), []);
            assert!(keys.has_begun());
            if part == b"1;5" {
                assert_eq!(keys.take(b"A"), [Key::Up]);
            }
        }
        assert_eq!(keys.take(b"\x9c\x93"), [Key::Char('✓')]);
        assert!(!keys.has_begun());
    }

    #[test]
    fn an_escape_that_nothing_follows_is_a_key() {
        let mut keys = Keys::default();
        assert_eq!(keys.take(b"\x1b"), []);
        assert_eq!(keys.give_up(), [Key::Escape]);
        assert!(!keys.has_begun());
        assert_eq!(keys.take(b"\x1bq"), [Key::Escape, Key::Char('q')]);
    }

    #[test]
    fn what_is_pasted_is_text_and_no_keys() {
        let mut keys = Keys::default();
        assert_eq!(keys.take(b"\x1b[200~xy"), []);
        assert!(!keys.has_begun(), "nobody gives up on it");
        assert_eq!(
            keys.take(b"\r\x1b[201~q"),
            [Key::Pasted("xy\r".to_owned()), Key::Char('q')]
        );
    }

    #[test]
    fn nonsense_is_no_key() {
        let mut keys = Keys::default();
        assert_eq!(
            keys.take(b"\x00\xff\x80\x1b[99x\x1b[<0;1;1Mq"),
            [Key::Char('q')]
        );
    }
}
