/// Whom to leave alone for a while: a broker whose disk hangs never answers what concerns its disk, and each such
/// question holds one of its request threads.
///
/// After the first silence two rounds pass, after each further one twice as many, up to `roundsMax`. An answer ends it.
struct Reluctance: Sendable {
  static let roundsMax = 64

  private var pauses: [Int32: (until: Int, rounds: Int)] = [:]

  func asks(_ broker: Int32, round: Int) -> Bool { pauses[broker].map { round >= $0.until } ?? true }

  mutating func note(_ broker: Int32, hasAnswered: Bool, round: Int) {
    if hasAnswered {
      pauses[broker] = nil
    } else {
      let rounds = min(Self.roundsMax, 2 * (pauses[broker]?.rounds ?? 1))
      pauses[broker] = (round + rounds, rounds)
    }
  }
}
