/// A file that holds a secret in its first line: a token, a key.
public enum SecretFile {
  /// The first line without its end; nil when there is no such file.
  public static func read(_ path: String) -> [UInt8]? {
    LocalFiles.read(path).map { Array($0.utf8.prefix { $0 != 10 && $0 != 13 }) }
  }
}
