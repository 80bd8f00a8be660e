/// Fields that became nullable only in a later version: before it, nothing is written as empty.
extension Coder {
  mutating func string(orEmpty value: inout String?) throws(DecodeError) {
    var present = value ?? ""
    try string(&present)
    value = present
  }

  mutating func structures<T: WireStruct>(orEmpty value: inout [T]?) throws(DecodeError) {
    var present = value ?? []
    try structures(&present)
    value = present
  }

  mutating func int32s(orEmpty value: inout [Int32]?) throws(DecodeError) {
    var present = value ?? []
    try int32s(&present)
    value = present
  }

  mutating func strings(orEmpty value: inout [String]?) throws(DecodeError) {
    var present = value ?? []
    try strings(&present)
    value = present
  }

  mutating func bytes(orEmpty value: inout [UInt8]?) throws(DecodeError) {
    var present = value ?? []
    try bytes(&present)
    value = present
  }
}
