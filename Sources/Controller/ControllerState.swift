import Primitives
import Wire

/// The active controller: decides on everything that is written to `__cluster_metadata` (KIP-500, KIP-631).
///
/// Inactive, it answers NOT_CONTROLLER. Active, it keeps a working image that is ahead of the committed one by the
/// records it has appended, decides every request on that, and holds an answer back until the records that it rests
/// on are committed. Answers that write nothing rest on the newest record appended so far, because they may tell of it;
/// heartbeats alone are answered at once unless they write.
///
/// Pure: no clock, no I/O; chance comes from the seed in the configuration, and nothing is decided by a dictionary's
/// order.
///
/// | | becameActive | resigned | request | committed | timer, brokerUnreachable |
/// |-|-|-|-|-|-|
/// | inactive | active | inactive | NOT_CONTROLLER | ignored | ignored |
/// | active | active in the new epoch | inactive, open requests fail | handled | answers go out | handled |
public struct ControllerState: Sendable {
  public let configuration: ControllerConfiguration
  /// What exists only while this node is the active controller.
  var active: ActiveController?

  public init(configuration: ControllerConfiguration) {
    self.configuration = configuration
  }

  public var isActive: Bool { active != nil }
  /// The epoch in which this node is the active controller.
  public var epoch: LeaderEpoch? { active?.epoch }
  /// The image with all records appended so far, committed or not; nil while inactive.
  public var workingImage: MetadataImage? { active?.image }
  /// When `.timer` is due next; nil: never.
  public var nextDeadline: Instant? { active?.nextDeadline }

  public mutating func handle(
    _ event: ControllerEvent, at now: Instant, into effects: inout [ControllerEffect]
  ) {
    switch event {
    case .becameActive(let epoch, let image, let nextOffset, let unreachable):
      active?.failPending(into: &effects)
      var controller = ActiveController(
        configuration: configuration, epoch: epoch, image: image, nextOffset: nextOffset, at: now)
      controller.start(unreachable: unreachable, at: now, into: &effects)
      active = controller
    case .resigned:
      active?.failPending(into: &effects)
      active = nil
    case .committed(let end): active?.commit(upTo: end, into: &effects)
    case .request(let token, let request, let version):
      guard active != nil else {
        effects.append(.reply(token, request.notController))
        return
      }
      active?.handle(request, version: version, token: token, at: now, into: &effects)
    case .brokerUnreachable(let id, let epoch): active?.brokerUnreachable(id, epoch: epoch, at: now, into: &effects)
    case .timer: active?.timer(at: now, into: &effects)
    }
  }
}
