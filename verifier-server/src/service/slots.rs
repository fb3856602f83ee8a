//! Places for requests, shared out: so many of all clients, so many of one.
//!
//! When every place is taken and somebody comes who has fewer than another client, the newest request of whoever has
//! most ends for it. So a client that may ask at all always gets in, whatever others do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tonic::Status;

use super::config::Share;
use super::identity::Client;
use super::memory::{Account, Over};
use super::status::over_limit;

/// What there are places for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Requests.
    Requests,
    /// `Watch` streams.
    Watches,
}

/// Places of one kind.
#[derive(Debug)]
pub struct Slots {
    kind: Kind,
    share: Share,
    state: Mutex<State>,
}

#[derive(Default, Debug)]
struct State {
    taken: HashMap<Client, Vec<(u64, Weak<Account>)>>,
    /// Places taken, less those whose requests are ending for somebody else.
    count: usize,
    next: u64,
}

/// A place. Dropping it gives it back.
#[derive(Debug)]
pub struct Slot {
    slots: Arc<Slots>,
    client: Client,
    number: u64,
}

impl Slots {
    /// So many places.
    pub fn new(kind: Kind, share: Share) -> Arc<Slots> {
        Arc::new(Slots { kind, share, state: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Places taken.
    pub fn taken(&self) -> usize {
        self.lock().count
    }

    /// A place for a request of a client.
    ///
    /// # Errors
    /// The client has its share, or there is no place and nobody has more than it.
    pub fn take(self: &Arc<Slots>, client: Client, account: &Arc<Account>) -> Result<Slot, Status> {
        let mut s = self.lock();
        let mine = s.taken.get(&client).map_or(0, Vec::len);
        let full = s.count >= self.share.all;
        let what = match self.kind {
            Kind::Requests => "requests",
            Kind::Watches => "watched objects",
        };
        if mine >= self.share.each && !full {
            let each = self.share.each;
            let message = format!("this client has {each} {what} already, its share; try again later");
            return Err(over_limit("SHARE", message, each));
        }
        if full && (mine >= self.share.each || !s.make_room(mine)) {
            let all = self.share.all;
            let message = format!("the service has {all} {what} already; try again later");
            return Err(over_limit("REQUESTS", message, all));
        }
        s.count += 1;
        s.next += 1;
        let number = s.next;
        s.taken.entry(client).or_default().push((number, Arc::downgrade(account)));
        Ok(Slot { slots: Arc::clone(self), client, number })
    }
}

impl State {
    /// Ends the newest request of the client that has most, for one that has `mine`, and counts its place as free. Who
    /// has only one more would change places with the newcomer for ever.
    fn make_room(&mut self, mine: usize) -> bool {
        let most = self.taken.iter().max_by_key(|(_, t)| t.len()).map(|(c, t)| (*c, t.len()));
        let Some((client, _)) = most.filter(|(_, n)| *n > mine + 1) else { return false };
        let Some(list) = self.taken.get_mut(&client) else { return false };
        let Some((_, account)) = list.pop() else { return false };
        self.count = self.count.saturating_sub(1);
        if let Some(account) = account.upgrade() {
            account.end(Over::Room);
        }
        true
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut s = self.slots.lock();
        let Some(list) = s.taken.get_mut(&self.client) else { return };
        let Some(at) = list.iter().position(|(n, _)| *n == self.number) else { return };
        list.remove(at);
        if list.is_empty() {
            s.taken.remove(&self.client);
        }
        s.count = s.count.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::memory::Memory;

    fn reason(e: &Status) -> String {
        use tonic_types::StatusExt;
        e.get_details_error_info().map(|i| i.reason).unwrap_or_default()
    }

    #[test]
    fn a_client_has_a_share() {
        let (memory, slots) = (Memory::new(1 << 50, 1 << 50), Slots::new(Kind::Requests, Share::new(4, None)));
        let (a, b) = (Client::Token(1), Client::Token(2));
        let account = memory.open();
        let first: Vec<_> = (0..2).map(|_| slots.take(a, &account).expect("room")).collect();
        assert_eq!(slots.take(a, &account).map_err(|e| reason(&e)).err(), Some("SHARE".into()));
        let second: Vec<_> = (0..2).map(|_| slots.take(b, &account).expect("room")).collect();
        assert_eq!(slots.take(b, &account).map_err(|e| reason(&e)).err(), Some("REQUESTS".into()));
        drop((first, second));
        assert_eq!(slots.taken(), 0);
    }

    #[test]
    fn whoever_has_none_gets_in() {
        let (memory, slots) = (Memory::new(1 << 50, 1 << 50), Slots::new(Kind::Requests, Share::new(4, None)));
        let accounts: Vec<_> = (0..4).map(|_| memory.open()).collect();
        let of = |n: usize| Client::Token(n as u64 / 2);
        let _taken: Vec<_> = accounts.iter().enumerate().map(|(n, a)| slots.take(of(n), a).expect("room")).collect();
        let newcomer = memory.open();
        let slot = slots.take(Client::Token(9), &newcomer).expect("room is made");
        assert_eq!(accounts.iter().filter(|a| a.over() == Some(Over::Room)).count(), 1);
        assert_eq!(slots.taken(), 4);
        drop(slot);
        assert_eq!(slots.taken(), 3, "the place of the one that ended is not given back twice");
    }
}
