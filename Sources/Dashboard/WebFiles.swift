import CDashboardWeb
import HTTPServer

/// The page's files, from inside the binary.
public enum WebFiles {
  /// Path, type and content of each.
  public static var assets: [HTTPAsset] {
    (0..<dashboard_web_file_count()).map { index in
      let file = dashboard_web_file(index)
      return HTTPAsset(
        path: String(cString: file.path), contentType: String(cString: file.content_type),
        body: Array(UnsafeBufferPointer(start: file.bytes, count: file.size)))
    }
  }
}
