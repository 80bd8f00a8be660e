/// The asking side of a fetch session (KIP-227): what was asked before need not be asked again.
///
/// `Key` names a partition, `Question` is what is asked of it. Requests are numbered from 1 by the caller's side; more
/// than one may be under way, as long as the session has its id (`canAsk`).
package struct FetchSessionClient<Key: Hashable & Comparable, Question: Equatable> {
  /// The session's fields of a request.
  package struct Head: Equatable {
    package var id: Int32
    package var epoch: Int32
  }

  /// What a request carries.
  package struct Request {
    /// Grows from one request to the next.
    package var number: UInt64
    package var head: Head
    package var named: [(key: Key, question: Question)]
    package var forgotten: [Key]
    /// Names everything; the answer tells whether a session begins.
    package var isFull: Bool { head.epoch <= FetchEpoch.initial }
  }

  /// What becomes of an answer's session fields.
  package enum Answer: Equatable {
    case fine
    /// The session is gone: the next request names everything.
    case startAnew
  }

  private var id: Int32 = 0
  private var epoch = FetchEpoch.initial
  private var asked: [Key: (question: Question, since: UInt64)] = [:]
  private var number: UInt64 = 0
  /// The full request that the session began with; answers to earlier ones do not concern it.
  private var first: UInt64 = 0
  private var isBeginning = false
  /// The server keeps no session for us: there is no room.
  package private(set) var isRefused = false

  package init() {}

  /// The session has its id, so that a second request may follow one that is still under way.
  package var isOpen: Bool { id != 0 && epoch > FetchEpoch.initial }
  /// Nothing is asked for.
  package var isEmpty: Bool { asked.isEmpty }
  /// The session is about to begin: nothing can be asked before the answer is there.
  package var isWaitingForID: Bool { isBeginning }

  /// Names everything, and so ends the session that was.
  package mutating func full(_ wanted: [(key: Key, question: Question)]) -> Request {
    number += 1
    first = number
    asked = [:]
    for (key, question) in wanted { asked[key] = (question, number) }
    let head = Head(id: id, epoch: FetchEpoch.initial)
    id = 0
    epoch = FetchEpoch.initial
    isBeginning = true
    return Request(number: number, head: head, named: wanted, forgotten: [])
  }

  /// Names what differs from what was asked before, of what is passed; nil as question: is not wanted any more.
  package mutating func next(_ changed: [(key: Key, question: Question?)]) -> Request {
    number += 1
    var request = Request(number: number, head: Head(id: id, epoch: epoch), named: [], forgotten: [])
    for (key, question) in changed {
      if let question {
        if asked[key]?.question == question { continue }
        asked[key] = (question, number)
        request.named.append((key, question))
      } else if asked.removeValue(forKey: key) != nil {
        request.forgotten.append(key)
      }
    }
    epoch = FetchEpoch.next(after: epoch)
    return request
  }

  /// What was asked of a partition when request `number` was made; nil when it is not asked any more, or when something
  /// else was asked later: what the answer says then belongs to no question.
  package func question(_ key: Key, asOf number: UInt64) -> Question? {
    guard let entry = asked[key], entry.since <= number, number >= first else { return nil }
    return entry.question
  }

  /// The answer to a request, by the session that it names (0: none is kept) and whether its error is one of the session.
  package mutating func answered(_ request: Request, sessionID: Int32, isSessionError: Bool) -> Answer {
    guard request.number >= first else { return .fine }
    if isSessionError {
      lose()
      return .startAnew
    }
    if request.isFull {
      isBeginning = false
      id = sessionID
      isRefused = sessionID == 0
      epoch = FetchEpoch.next(after: FetchEpoch.initial)
    } else if sessionID != id {
      lose()
      return .startAnew
    }
    return .fine
  }

  /// A request failed, or an answer fits no question: nobody knows what the server thinks. The next request names
  /// everything and closes the session that was.
  package mutating func lose() {
    asked = [:]
    epoch = FetchEpoch.initial
    first = number + 1
    isBeginning = false
  }
}
