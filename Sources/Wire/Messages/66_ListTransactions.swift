/// ListTransactions request (API key 66), versions 0–2, flexible from 0.
public struct ListTransactionsRequest: RequestMessage {
  public typealias Response = ListTransactionsResponse
  public static let name = "ListTransactionsRequest"
  public static let apiKey = ApiKey.listTransactions
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 0

  public var stateFilters: [String] = []
  public var producerIdFilters: [Int64] = []
  public var durationFilter: Int64 = -1
  public var transactionalIdPattern: String? = nil
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.strings(&stateFilters)
    try c.int64s(&producerIdFilters)
    if c.version >= 1 { try c.int64(&durationFilter) }
    if c.version >= 2 { try c.nullableString(&transactionalIdPattern) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}

/// ListTransactions response (API key 66), versions 0–2, flexible from 0.
public struct ListTransactionsResponse: ResponseMessage {
  public static let name = "ListTransactionsResponse"
  public static let apiKey = ApiKey.listTransactions
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 0

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var unknownStateFilters: [String] = []
  public var transactionStates: [TransactionState] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.errorCode(&errorCode)
    try c.strings(&unknownStateFilters)
    try c.structures(&transactionStates)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct TransactionState: WireStruct {
    public var transactionalId: String = ""
    public var producerId: Int64 = 0
    public var transactionState: String = ""
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&transactionalId)
      try c.int64(&producerId)
      try c.string(&transactionState)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
