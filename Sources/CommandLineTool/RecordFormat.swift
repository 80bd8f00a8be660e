/// A line of text that stands for a record: fields written `%k`, escapes written `\n`, everything else as it is. The
/// same format prints records and reads them.
///
/// The fields are those of `rpk topic consume` and of `kcat`. Where the two differ it is decided once: `%T` is the
/// timestamp (kcat's; rpk has the topic's length there), a null key or value prints as nothing, and has length −1
/// (kcat's; rpk has 0), so that a format with lengths tells null and empty apart.
public struct RecordFormat: Sendable, Equatable {
  enum TextField: Sendable, Equatable { case topic, key, value, headers }
  enum NumberField: Sendable, Equatable {
    case topicLength, keyLength, valueLength, headerCount
    case partition, offset, leaderEpoch, timestamp, producerID, producerEpoch
    case logStartOffset, lastStableOffset, highWatermark, count
  }
  enum TextCoding: Sendable, Equatable { case plain, hex, base64 }
  enum NumberCoding: Sendable, Equatable {
    case decimal
    /// So many digits; what does not fit loses its front.
    case hex(Int)
    /// So many bytes.
    case big(Int)
    case little(Int)
  }
  enum Piece: Sendable, Equatable {
    case literal([UInt8])
    case text(TextField, TextCoding)
    case number(NumberField, NumberCoding)
    /// The timestamp as a date, by strftime's letters, in UTC.
    case date([UInt8])
    /// For each header these pieces; key and value in them are the header's.
    case eachHeader([Piece])
  }

  let pieces: [Piece]

  /// Reads a format. The error names the column, counted in characters from 1.
  public init(parsing text: String) throws(RecordFormatError) {
    var parser = FormatParser(text: Array(text))
    pieces = try parser.pieces(inHeader: false)
  }

  init(_ pieces: [Piece]) { self.pieces = pieces }

  /// What help says of formats.
  public static let help = """
    FORMAT is json, or text with fields:
      %k key                %v %s value            %t topic
      %K its length         %V %S its length       %p partition
      %h headers (n=v,…)    %R %V as 4 bytes       %o offset
      %H how many           %i records so far      %d %T timestamp (ms)
      %x producer id        %y producer epoch      %e leader epoch
      %[ log start offset   %| last stable offset  %] high watermark
      %% percent sign       %{ %} braces
    and escapes: \\n \\t \\r \\\\ \\xNN. In braces behind a field, how it is written:
      texts                {hex} {base64}
      numbers              {hex4} {hex8} {hex16} {hex32} {hex64} (bits),
                           {big1} {big2} {big4} {big8}, {little1} … (bytes)
      %d{strftime[%F %T]}  a date and time in UTC
      %h{%k=%v;}           this text for each header
    Lengths are -1 for null. Bytes go through as they are; {hex} and {base64} keep them readable.
    """
}

/// What is wrong with a format.
public struct RecordFormatError: Error, Equatable, Sendable, CustomStringConvertible {
  /// From 1.
  public var column: Int
  public var reason: String
  public var description: String { "column \(column): \(reason)" }
}
