import Broker
import Primitives
import Testing

/// Which sessions are kept and which make room (KIP-227, as Kafka's FetchSessionCache does it).
@Suite struct FetchSessionCaching {
  private final class Session {}

  private struct Cache {
    var cache: FetchSessionCache<Session>
    var now = Instant.zero + .seconds(1000)

    init(slots: Int) { cache = FetchSessionCache(slots: slots, random: RandomSource(seed: 1)) }

    mutating func insert(size: Int, isFollower: Bool = false) -> Int32? {
      cache.insert(Session(), isPrivileged: isFollower, size: size, at: now)?.id
    }
    mutating func pass(seconds: Int64) { now = now + .seconds(seconds) }
    func has(_ id: Int32?) -> Bool { id.map { cache[$0] != nil } ?? false }
  }

  @Test func idsArePositiveAndDiffer() {
    var caching = Cache(slots: 100)
    let ids = (0..<100).compactMap { _ in caching.insert(size: 1) }
    #expect(Set(ids).count == 100 && ids.allSatisfy { $0 > 0 })
    #expect(caching.cache.partitionCount == 100)
  }

  /// A full cache of young sessions has no room for a consumer, however many partitions it brings.
  @Test func youngSessionsAreNotPushedOutByConsumers() {
    var caching = Cache(slots: 2)
    let first = caching.insert(size: 1)
    _ = caching.insert(size: 1)
    #expect(caching.insert(size: 1000) == nil)
    caching.pass(seconds: 119)
    #expect(caching.insert(size: 1000) == nil)
    #expect(caching.has(first) && caching.cache.evictions == 0)
  }

  /// What was not used for two minutes makes room for anybody, a follower's session too.
  @Test func staleSessionsMakeRoom() {
    var caching = Cache(slots: 2)
    let follower = caching.insert(size: 500, isFollower: true)
    let consumer = caching.insert(size: 1)
    caching.pass(seconds: 100)
    if let consumer { caching.cache.touch(consumer, size: 1, at: caching.now) }
    caching.pass(seconds: 21)
    #expect(caching.insert(size: 1) != nil)
    #expect(!caching.has(follower) && caching.has(consumer))
  }

  /// A follower's session pushes out a consumer's at any age, the one with the fewest partitions, and no other follower's.
  @Test func followersPushOutConsumers() {
    var caching = Cache(slots: 3)
    let large = caching.insert(size: 10)
    let small = caching.insert(size: 2)
    let follower = caching.insert(size: 1, isFollower: true)
    #expect(caching.insert(size: 1, isFollower: true) != nil)
    #expect(caching.has(large) && !caching.has(small) && caching.has(follower))
    #expect(caching.insert(size: 1, isFollower: true) != nil)
    #expect(!caching.has(large))
    #expect(caching.insert(size: 100, isFollower: true) == nil, "three young followers are left")
  }

  /// Old and used sessions go to one with more partitions, not to one with as many.
  @Test func moreAreWorthMore() {
    var caching = Cache(slots: 2)
    let ids = [caching.insert(size: 5), caching.insert(size: 7)].compactMap { $0 }
    for _ in 0..<3 {
      caching.pass(seconds: 50)
      for (id, size) in zip(ids, [5, 7]) { caching.cache.touch(id, size: size, at: caching.now) }
    }
    #expect(caching.insert(size: 5) == nil)
    #expect(caching.insert(size: 6) != nil)
    #expect(!caching.has(ids[0]) && caching.has(ids[1]))
  }

  @Test func epochsWrapToOne() {
    #expect(FetchEpoch.next(after: FetchEpoch.initial) == 1)
    #expect(FetchEpoch.next(after: .max) == 1)
    #expect(FetchEpoch.next(after: FetchEpoch.final) == FetchEpoch.final)
  }
}

/// The asking side against a server that does what KIP-227 says.
@Suite struct FetchSessionAsking {
  /// Sessions as the KIP has them, in a dictionary.
  private struct Server {
    var sessions: [Int32: (epoch: Int32, partitions: [Int: Int])] = [:]
    var nextID: Int32 = 1
    var hasRoom = true

    enum Reply {
      case view(id: Int32, [Int: Int])
      case sessionError
    }

    mutating func serve(_ request: FetchSessionClient<Int, Int>.Request) -> Reply {
      let named = Dictionary(uniqueKeysWithValues: request.named.map { ($0.key, $0.question) })
      if request.head.epoch <= FetchEpoch.initial {
        sessions[request.head.id] = nil
        guard hasRoom else { return .view(id: 0, named) }
        nextID += 1
        sessions[nextID] = (1, named)
        return .view(id: nextID, named)
      }
      guard var session = sessions[request.head.id], session.epoch == request.head.epoch else { return .sessionError }
      session.partitions.merge(named) { $1 }
      for key in request.forgotten { session.partitions[key] = nil }
      session.epoch += 1
      sessions[request.head.id] = session
      return .view(id: request.head.id, session.partitions)
    }
  }

  /// Goal: whatever is lost, evicted or overtaken, a request that was answered asked exactly what was wanted.
  /// Method: random changes; up to two requests under way, answered in order; replies get lost with the connection,
  /// sessions vanish, the server runs out of room.
  @Test(arguments: 0..<300) func theServerSeesWhatIsWanted(seed: Int) {
    var random = RandomSource(seed: UInt64(seed))
    var server = Server()
    var client = FetchSessionClient<Int, Int>()
    var wanted: [Int: Int] = [:]
    var changed: Set<Int> = []
    var underWay: [(request: FetchSessionClient<Int, Int>.Request, reply: Server.Reply)] = []
    var compared = 0
    for _ in 0..<200 {
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let key = Int.random(in: 0..<12, using: &random)
        wanted[key] = random.chance(0.2) ? nil : Int.random(in: 0..<5, using: &random)
        changed.insert(key)
      }
      if random.chance(0.05) { server.sessions = [:] }
      if random.chance(0.05) { server.hasRoom.toggle() }
      if underWay.count < 2, !client.isWaitingForID || underWay.isEmpty {
        let request =
          client.isOpen
          ? client.next(changed.sorted().map { (key: $0, question: wanted[$0]) })
          : client.full(wanted.sorted { $0.key < $1.key }.map { (key: $0.key, question: $0.value) })
        changed = []
        let reply = server.serve(request)
        if case .view(_, let partitions) = reply {
          #expect(partitions == wanted)
          compared += 1
          for (key, question) in wanted { #expect(client.question(key, asOf: request.number) == question) }
        }
        underWay.append((request, reply))
      }
      if random.chance(0.1) {
        underWay = []
        client.lose()
      } else if let (request, reply) = underWay.first, random.chance(0.6) {
        underWay.removeFirst()
        switch reply {
        case .sessionError:
          let answer = client.answered(request, sessionID: 0, isSessionError: true)
          if underWay.isEmpty { #expect(answer == .startAnew || !client.isOpen) }
        case .view(let id, _): _ = client.answered(request, sessionID: id, isSessionError: false)
        }
      }
    }
    #expect(compared > 50)
  }

  @Test func onlyWhatChangedIsNamed() {
    var client = FetchSessionClient<Int, Int>()
    let full = client.full([(1, 10), (2, 20), (3, 30)])
    #expect(full.isFull && full.head.id == 0 && client.isWaitingForID)
    #expect(client.answered(full, sessionID: 77, isSessionError: false) == .fine)
    let first = client.next([(1, 10), (2, 21), (3, nil), (4, nil)])
    #expect(first.head.id == 77 && first.head.epoch == 1 && !first.isFull)
    #expect(first.named.map(\.key) == [2] && first.forgotten == [3])
    let second = client.next([])
    #expect(second.head.epoch == 2 && second.named.isEmpty)
    // What was asked later is no question of the earlier answer.
    #expect(client.question(2, asOf: full.number) == nil && client.question(1, asOf: full.number) == 10)
    // A session that is lost is closed by the next full request.
    client.lose()
    let again = client.full([(1, 10)])
    #expect(again.head.id == 77 && again.isFull)
  }
}
