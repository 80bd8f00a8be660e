import Primitives

/// The traffic of one run: event n is always the same for the same seed and run, whatever was asked before, so a
/// reader can make it again and compare.
public struct Traffic: Sendable {
  public let seed: UInt64
  /// Tells this run's events from those of earlier ones in the same topics.
  public let run: UInt64
  /// Unix milliseconds of event 0.
  public let startMilliseconds: Int64
  /// Events a second.
  public let rate: Int

  private let random: RandomSource
  private let users: Zipf
  private let contents: Zipf

  public static let userCount = 50_000
  public static let contentCount = 100_000

  /// `rate` at least 1.
  public init(seed: UInt64, run: UInt64, startMilliseconds: Int64, rate: Int) {
    self.seed = seed
    self.run = run
    self.startMilliseconds = startMilliseconds
    self.rate = max(1, rate)
    random = RandomSource(seed: seed).stream("traffic")
    users = Zipf(count: Self.userCount)
    contents = Zipf(count: Self.contentCount)
  }

  /// When event n is due, from the start.
  public func due(_ sequence: Int) -> TimeSpan {
    let (seconds, rest) = sequence.quotientAndRemainder(dividingBy: rate)
    return TimeSpan(nanoseconds: Int64(seconds) &* 1_000_000_000 &+ Int64(rest) &* 1_000_000_000 / Int64(rate))
  }

  public func event(_ sequence: Int) -> SocialEvent {
    var random = RandomSource(seed: random.state ^ UInt64(truncatingIfNeeded: sequence) &* 0x9e37_79b9_7f4a_7c15)
    let topic = drawTopic(&random)
    let kind = Self.draw(topic.kinds, &random)
    let time = startMilliseconds &+ due(sequence).milliseconds
    let user = users.draw(using: &random)
    let content = contents.draw(using: &random)

    var body = JSONBytes()
    body.open(run: run, sequence: sequence)
    body.member("type", kind)
    body.member("time", time)
    let key: [UInt8]
    let keyNumber: Int32
    let partition: Int32
    switch topic {
    case .userActions:
      key = Array("\(user)".utf8)
      keyNumber = Int32(user)
      partition = Int32(user) % topic.partitionCount
      body.member("user", Int64(user))
      if kind == "follow" {
        body.member("target", Int64(users.draw(using: &random)))
      } else {
        body.member("content", "content-\(content)")
      }
      if kind == "post" { body.member("text", Words.text(mean: 28, &random)) }
      if kind == "comment" { body.member("text", Words.text(mean: 12, &random)) }
    case .contentInteractions:
      key = Array("content-\(content)".utf8)
      keyNumber = Int32(Self.userCount + content)
      partition = Murmur2.partition(of: key, count: topic.partitionCount)
      body.member("content", "content-\(content)")
      body.member("user", Int64(user))
      body.member("surface", Self.draw([("feed", 600), ("profile", 200), ("search", 150), ("message", 50)], &random))
      if kind == "view" { body.member("millis", Int64(random.next() % 20_000)) }
      if kind == "react" {
        body.member("reaction", Self.draw([("heart", 500), ("laugh", 300), ("wow", 150), ("sad", 50)], &random))
      }
    case .systemEvents:
      key = []
      partition = Int32(truncatingIfNeeded: sequence % Int(topic.partitionCount))
      keyNumber = Int32(Self.userCount + Self.contentCount) + partition
      body.member("host", "app-\(random.next() % 24)")
      body.member("detail", Words.text(mean: 8, &random))
    }
    body.close()
    return SocialEvent(
      sequence: sequence, topic: topic, partition: partition, key: key, keyNumber: keyNumber, body: body.bytes,
      headers: [
        .init("ce_specversion", Array("1.0".utf8)), .init("ce_id", Array("\(run)-\(sequence)".utf8)),
        .init("ce_type", Array(topic.eventType.utf8)), .init("ce_source", Array("/streamsocial/traffic".utf8)),
        .init("ce_time", Array(Timestamp.text(milliseconds: time).utf8)),
      ])
  }

  private func drawTopic(_ random: inout RandomSource) -> SocialTopic {
    let point = random.next() % 100
    return point < 60 ? .contentInteractions : point < 92 ? .userActions : .systemEvents
  }

  private static func draw(_ choices: [(name: String, weight: Int)], _ random: inout RandomSource) -> String {
    let total = choices.reduce(0) { $0 + $1.weight }
    var point = Int(random.next() % UInt64(max(1, total)))
    for choice in choices {
      if point < choice.weight { return choice.name }
      point -= choice.weight
    }
    return choices.last?.name ?? ""
  }
}
