@main
struct StreamSocial {
  static func main() {}
}
