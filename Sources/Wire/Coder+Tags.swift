/// One structure's tagged fields while they are read or written.
struct TagSection {
  /// Reading: what is there, and whether it has been taken. Writing: unused.
  var found: [(tag: UInt32, range: Range<Int>, taken: Bool)] = []
  /// Reading: where to go on, and the limit to restore.
  var end = 0
  var limit = 0
  /// Writing: where the current field's content begins in the output.
  var contentStart = 0
  var currentTag: UInt32 = 0
  var fields: [(tag: UInt32, bytes: [UInt8])] = []
}

/// Tagged fields (KIP-482): `beginTags`, then for each known field `if tag(n, when: isPresent) { code it; endTag() }`,
/// then `endTags`. In versions that are not flexible all of it does nothing.
extension Coder {
  public mutating func beginTags() throws(DecodeError) {
    guard isFlexible else { return }
    var section = TagSection()
    if isReading {
      var count: UInt32 = 0
      let at = position
      try unsignedVarint(&count)
      // Each field takes at least two bytes.
      guard Int(count) <= remaining / 2 else { throw .invalidLength(Int(count), at: at) }
      section.limit = limit
      for _ in 0..<count {
        var tag: UInt32 = 0
        var size: UInt32 = 0
        let fieldAt = position
        try unsignedVarint(&tag)
        try unsignedVarint(&size)
        guard Int(size) <= remaining else { throw .invalidLength(Int(size), at: fieldAt) }
        if let last = section.found.last, last.tag >= tag { throw .repeatedTag(tag, at: fieldAt) }
        section.found.append((tag, position..<(position + Int(size)), false))
        position += Int(size)
      }
      section.end = position
    }
    tagStack.append(section)
  }

  /// Whether the field with this tag is there to be coded: on reading, whether it was sent; on writing, `present`.
  public mutating func tag(_ tag: UInt32, when present: @autoclosure () -> Bool) -> Bool {
    guard isFlexible else { return false }
    let top = tagStack.count - 1
    if isReading {
      guard let index = tagStack[top].found.firstIndex(where: { $0.tag == tag && !$0.taken }) else { return false }
      tagStack[top].found[index].taken = true
      tagStack[top].currentTag = tag
      position = tagStack[top].found[index].range.lowerBound
      limit = tagStack[top].found[index].range.upperBound
      return true
    }
    guard present() else { return false }
    tagStack[top].currentTag = tag
    tagStack[top].contentStart = output.count
    return true
  }

  public mutating func endTag() throws(DecodeError) {
    let top = tagStack.count - 1
    if isReading {
      guard position == limit else { throw .tagSizeMismatch(tagStack[top].currentTag, at: position) }
      limit = tagStack[top].limit
    } else {
      let start = tagStack[top].contentStart
      tagStack[top].fields.append((tagStack[top].currentTag, Array(output[start...])))
      output.removeSubrange(start...)
    }
  }

  public mutating func endTags(_ unknown: inout UnknownTags) throws(DecodeError) {
    guard isFlexible else { return }
    let section = tagStack.removeLast()
    if isReading {
      position = section.end
      limit = section.limit
      for field in section.found where !field.taken {
        unknown.fields.append(.init(tag: field.tag, bytes: Array(input[field.range])))
      }
      return
    }
    var count = UInt32(section.fields.count + unknown.fields.count)
    try unsignedVarint(&count)
    for field in section.fields { try write(field.tag, field.bytes) }
    for field in unknown.fields { try write(field.tag, field.bytes) }
  }

  private mutating func write(_ tag: UInt32, _ bytes: [UInt8]) throws(DecodeError) {
    var tag = tag
    var size = UInt32(bytes.count)
    try unsignedVarint(&tag)
    try unsignedVarint(&size)
    output.append(contentsOf: bytes)
  }
}
