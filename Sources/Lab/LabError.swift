/// Why a scenario could not be carried out or judged. The text is for people.
public struct LabError: Error, Equatable, Sendable, CustomStringConvertible {
  public var description: String

  public init(_ description: String) { self.description = description }
}
