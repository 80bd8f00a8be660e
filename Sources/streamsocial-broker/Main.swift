import Broker

/// One node in the foreground: `streamsocial-broker --config server.properties`.
@main
struct StreamSocialBroker {
  static func main() {
    Node.main(CommandLine.arguments)
  }
}
