//! Work on many things at once, bounded by the processors; and work that may never end, bounded by a deadline.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Maps every item on all processors, in order. Each takes the next one that nobody has taken: they differ in size.
/// Where the machine has no thread left to give, fewer do the work.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    in_as_many_threads(processors, items, each)
}

/// The same, with a bound of its own: for what waits more than it works.
pub(crate) fn in_as_many_threads<T: Sync, R: Send>(
    most: usize,
    items: &[T],
    each: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let workers = most.min(items.len().max(1));
    let work = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(place) else { break };
            done.push((place, each(item)));
        }
        done
    };
    let mut all: Vec<(usize, R)> = std::thread::scope(|scope| {
        let another = |_| std::thread::Builder::new().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..workers).filter_map(another).collect();
        let mut all = work();
        for other in others {
            all.extend(
                other
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        all
    });
    all.sort_unstable_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, result)| result).collect()
}

/// Does work on a thread, and waits for it only so long: what has not ended then goes on in vain until the process ends.
///
/// For what reads other people's files: one of them may be a pipe that nobody writes to.
pub(crate) fn within<T: Send + 'static>(
    deadline: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    let worker = move || {
        // Nobody listens any more where the deadline has passed.
        let _ = sender.send(work());
    };
    std::thread::Builder::new().spawn(worker).ok()?;
    receiver.recv_timeout(deadline).ok()
}

/// A piece of work for [`all_within`].
pub(crate) type Work<T> = Box<dyn FnOnce() -> T + Send>;

/// Does several pieces of work at once, each on a thread, and waits for all of them only so long: `None` for what has
/// not ended then, or found no thread.
pub(crate) fn all_within<T: Send + 'static>(
    deadline: Duration,
    works: Vec<Work<T>>,
) -> Vec<Option<T>> {
    let until = Instant::now() + deadline;
    let (sender, receiver) = mpsc::channel();
    let mut results: Vec<Option<T>> = works.iter().map(|_| None).collect();
    for (place, work) in works.into_iter().enumerate() {
        let sender = sender.clone();
        let worker = move || {
            // Nobody listens any more where the deadline has passed.
            let _ = sender.send((place, work()));
        };
        // Without a thread there is no result.
        let _ = std::thread::Builder::new().spawn(worker);
    }
    drop(sender);
    while let Ok((place, result)) =
        receiver.recv_timeout(until.saturating_duration_since(Instant::now()))
    {
        results[place] = Some(result);
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(
            in_parallel(&items, |item| item * 2),
            (0..1000).map(|item| item * 2).collect::<Vec<_>>()
        );
        assert_eq!(in_parallel(&[] as &[usize], |item| *item), [] as [usize; 0]);
        assert_eq!(
            in_as_many_threads(3, &[1, 2, 3], |item| item * 2),
            [2, 4, 6]
        );
    }

    #[test]
    fn what_never_ends_is_not_waited_for() {
        assert_eq!(within(Duration::from_secs(20), || 1), Some(1));
        let never = || loop {
            std::thread::park();
        };
        assert_eq!(within(Duration::from_millis(5), never), None::<()>);
        let works: Vec<Work<i32>> = vec![
            Box::new(|| 1),
            Box::new(|| {
                loop {
                    std::thread::park()
                }
            }),
            Box::new(|| 3),
        ];
        // Time enough for two that do nothing, however busy the machine is.
        assert_eq!(
            all_within(Duration::from_secs(3), works),
            [Some(1), None, Some(3)]
        );
    }
}
