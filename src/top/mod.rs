//! `fleet top`: the live screen.

use crate::cli::Top;
use crate::error::failed;
use crate::fleet::Fleet;
use crate::ui::Ui;

/// Shows the fleet until the operator leaves it.
pub(crate) fn top(_fleet: Fleet, _wanted: &Top, _ui: &Ui) -> anyhow::Result<()> {
    Err(failed("`fleet top` is not built yet").into())
}
