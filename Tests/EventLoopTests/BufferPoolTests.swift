import Testing

@testable import EventLoop

@Suite struct BufferPools {
  @Test func aLargePieceIsHandedOutAgain() {
    let pool = BufferPool(limit: 1 << 20)
    let first = pool.take(100_000)
    #expect(first.count == 128 << 10, "sizes are powers of two")
    let address = first.baseAddress
    pool.give(first)
    #expect(pool.keptBytes == 128 << 10)
    let second = pool.take(128 << 10)
    #expect(second.baseAddress == address && pool.keptBytes == 0)
    pool.give(second)
  }

  @Test func smallAndHugePiecesAreNotKept() {
    let pool = BufferPool(limit: 64 << 20)
    for count in [0, 1, 64 << 10, (8 << 20) + 1] {
      let piece = pool.take(count)
      #expect(piece.count == max(64, count))
      pool.give(piece)
    }
    #expect(pool.keptBytes == 0)
  }

  @Test func noMoreIsKeptThanTheLimit() {
    let pool = BufferPool(limit: 1 << 20)
    let pieces = (0..<3).map { _ in pool.take(512 << 10) }
    for piece in pieces { pool.give(piece) }
    #expect(pool.keptBytes == 1 << 20)
  }

  @Test func whatNobodyNeededGoesBack() {
    let pool = BufferPool(limit: 4 << 20)
    let pieces = (0..<4).map { _ in pool.take(512 << 10) }
    for piece in pieces { pool.give(piece) }
    pool.trim()
    #expect(pool.keptBytes == 2 << 20, "kept only just now")
    pool.give(pool.take(512 << 10))
    pool.trim()
    #expect(pool.keptBytes == 512 << 10, "one was used meanwhile")
    pool.trim()
    #expect(pool.keptBytes == 0)
  }

  /// Goal: every loop trims its own pool, whoever uses the loop. Method: turns that do nothing, until nothing is kept.
  @Test func aLoopGivesBackWhatItDoesNotNeed() throws {
    let loop = try EventLoop()
    loop.buffers.give(loop.buffers.take(1 << 20))
    #expect(loop.buffers.keptBytes == 1 << 20)
    var turns = 0
    let timer = try LoopTimer(loop) {
      turns += 1
      if loop.buffers.keptBytes == 0 || turns == 1000 { loop.stop() }
    }
    timer.start(after: 0, every: 10)
    loop.run()
    timer.close()
    #expect(loop.buffers.keptBytes == 0)
  }
}
