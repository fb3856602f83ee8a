//! Places for requests, shared out: so many of all clients, so many of one.
//!
//! When every place is taken and somebody comes who has fewer than another client, the newest request of whoever has
//! most ends for it. So a client that may ask at all always gets in, whatever others do. The connections of one client
//! share its places in the same way: they may be several people behind one address.

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
    taken: HashMap<Client, Vec<Taken>>,
    /// Places taken, less those whose requests are ending for somebody else.
    count: usize,
    next: u64,
}

/// A place that is taken.
#[derive(Debug)]
struct Taken {
    number: u64,
    connection: u64,
    account: Weak<Account>,
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

    /// A place for a request of a client that came from a connection.
    ///
    /// # Errors
    /// The client has its share, or there is no place and nobody has more than it.
    pub fn take(self: &Arc<Slots>, client: Client, connection: u64, account: &Arc<Account>) -> Result<Slot, Status> {
        let mut s = self.lock();
        let mine = s.taken.get(&client).map_or(0, Vec::len);
        let (full, shared) = (s.count >= self.share.all, mine >= self.share.each);
        let room = (!shared && (!full || s.make_room(mine))) || s.make_room_within(client, connection);
        if !room {
            let what = match self.kind {
                Kind::Requests => "requests",
                Kind::Watches => "watched objects",
            };
            let (who, n, reason) = match full {
                true => ("the service", self.share.all, "REQUESTS"),
                false => ("this client", self.share.each, "SHARE"),
            };
            return Err(over_limit(reason, format!("{who} has {n} {what} already; try again later"), n));
        }
        s.count += 1;
        s.next += 1;
        let number = s.next;
        s.taken.entry(client).or_default().push(Taken { number, connection, account: Arc::downgrade(account) });
        Ok(Slot { slots: Arc::clone(self), client, number })
    }
}

impl State {
    /// Ends the newest request of the client that has most, for one that has `mine`, and counts its place as free. Who
    /// has only one more would change places with the newcomer for ever.
    fn make_room(&mut self, mine: usize) -> bool {
        let most = self.taken.iter().max_by_key(|(_, t)| t.len()).map(|(c, t)| (*c, t.len()));
        let Some((client, _)) = most.filter(|(_, n)| *n > mine + 1) else { return false };
        self.end_newest(client, |_| true)
    }

    /// The same among the connections of one client.
    fn make_room_within(&mut self, client: Client, connection: u64) -> bool {
        let mut of: HashMap<u64, usize> = HashMap::new();
        for t in self.taken.get(&client).into_iter().flatten() {
            *of.entry(t.connection).or_default() += 1;
        }
        let mine = of.get(&connection).copied().unwrap_or(0);
        let most = of.into_iter().max_by_key(|(_, n)| *n);
        let Some((busiest, _)) = most.filter(|(_, n)| *n > mine + 1) else { return false };
        self.end_newest(client, |c| c == busiest)
    }

    fn end_newest(&mut self, client: Client, of: impl Fn(u64) -> bool) -> bool {
        let Some(list) = self.taken.get_mut(&client) else { return false };
        let Some(at) = list.iter().rposition(|t| of(t.connection)) else { return false };
        let taken = list.remove(at);
        self.count = self.count.saturating_sub(1);
        if let Some(account) = taken.account.upgrade() {
            account.end(Over::Room);
        }
        true
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut s = self.slots.lock();
        let Some(list) = s.taken.get_mut(&self.client) else { return };
        let Some(at) = list.iter().position(|t| t.number == self.number) else { return };
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
        let first: Vec<_> = (0..2).map(|_| slots.take(a, 1, &account).expect("room")).collect();
        assert_eq!(slots.take(a, 1, &account).map_err(|e| reason(&e)).err(), Some("SHARE".into()));
        let second: Vec<_> = (0..2).map(|_| slots.take(b, 2, &account).expect("room")).collect();
        assert_eq!(slots.take(b, 2, &account).map_err(|e| reason(&e)).err(), Some("REQUESTS".into()));
        drop((first, second));
        assert_eq!(slots.taken(), 0);
    }

    #[test]
    fn whoever_has_none_gets_in() {
        let (memory, slots) = (Memory::new(1 << 50, 1 << 50), Slots::new(Kind::Requests, Share::new(4, None)));
        let accounts: Vec<_> = (0..4).map(|_| memory.open()).collect();
        let of = |n: usize| Client::Token(n as u64 / 2);
        let _taken: Vec<_> =
            accounts.iter().enumerate().map(|(n, a)| slots.take(of(n), n as u64, a).expect("room")).collect();
        let newcomer = memory.open();
        let slot = slots.take(Client::Token(9), 9, &newcomer).expect("room is made");
        assert_eq!(accounts.iter().filter(|a| a.over() == Some(Over::Room)).count(), 1);
        assert_eq!(slots.taken(), 4);
        drop(slot);
        assert_eq!(slots.taken(), 3, "the place of the one that ended is not given back twice");
    }

    #[test]
    fn connections_of_one_client_share_its_places() {
        let (memory, slots) = (Memory::new(1 << 50, 1 << 50), Slots::new(Kind::Watches, Share::new(8, None)));
        let client = Client::Unknown;
        let accounts: Vec<_> = (0..4).map(|_| memory.open()).collect();
        let _taken: Vec<_> = accounts.iter().map(|a| slots.take(client, 1, a).expect("room")).collect();
        assert_eq!(slots.take(client, 1, &memory.open()).map_err(|e| reason(&e)).err(), Some("SHARE".into()));
        let _other = slots.take(client, 2, &memory.open()).expect("room is made");
        assert_eq!(accounts[3].over(), Some(Over::Room));
        assert!(accounts[..3].iter().all(|a| a.over().is_none()));
    }
}
