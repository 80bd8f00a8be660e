/// Stops the process when one of our own rules is broken, in release builds too: a wrong state must become a crash,
/// a matter of liveness, before it becomes wrong data. Never call it on what comes from outside.
@inlinable public func invariant(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String,
  file: StaticString = #fileID, line: UInt = #line
) {
  if !condition() { invariantBroken(message(), file: file, line: line) }
}

@usableFromInline @inline(never)
func invariantBroken(_ message: String, file: StaticString, line: UInt) -> Never {
  fatalError("invariant broken at \(file):\(line): \(message)")
}
