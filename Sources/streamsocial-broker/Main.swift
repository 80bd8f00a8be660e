@main
struct StreamSocialBroker {
  static func main() {}
}
