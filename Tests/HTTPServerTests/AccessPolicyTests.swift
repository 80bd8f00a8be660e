import EventLoop
import Testing

@testable import HTTPServer
