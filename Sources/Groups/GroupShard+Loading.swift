import Primitives
import Wire

extension GroupShard {
  /// Drops all memory; everybody who waits learns that this is not the coordinator any more.
  mutating func unload(into effects: inout [GroupEffect]) {
    for token in appends.keys.sorted() { effects += appends[token]?.refusals(.notLeaderOrFollower) ?? [] }
    for group in sortedGroups {
      for member in group.sortedMembers {
        if let token = member.joinToken {
          effects.append(.reply(token, .joinGroup(.refusal(.notCoordinator, memberID: member.id))))
        }
        if let token = member.syncToken {
          effects.append(.reply(token, .syncGroup(.refusal(.notCoordinator))))
        }
      }
      for entry in group.deferred {
        effects.append(.reply(entry.token, entry.request.refusal(.notCoordinator, version: entry.context.version)))
      }
    }
    groups = [:]
    appends = [:]
    appendsInDoubt = []
    appendTimeouts.removeAll()
    deadlines.removeAll()
    nextRetentionCheck = nil
    phase = .unloaded
  }

  /// Takes in one stored record. Records of other kinds of groups are passed over.
  mutating func replay(key: [UInt8], value: [UInt8]?, into effects: inout [GroupEffect]) {
    guard case .loading = phase else { return }
    do throws(DecodeError) {
      guard let (id, change) = try StoredChange.decode(key: key, value: value) else { return }
      groups[id, default: ClassicGroup(id: id)].apply(change)
    } catch {
      effects.append(.unreadableRecord(reason: "\(error)"))
    }
  }

  /// Makes the volatile state of each group from what the log has: members are given their session timeout from now.
  mutating func finishLoading(epoch: LeaderEpoch, at time: Moment, into effects: inout [GroupEffect]) {
    guard case .loading = phase else { return }
    phase = .serving(epoch)
    let firstToken = AppendToken(UInt32(bitPattern: epoch.rawValue)) << 32
    nextAppendToken = max(nextAppendToken, firstToken + 1)
    nextRetentionCheck = time.now + .milliseconds(max(1, configuration.offsetsRetentionCheckIntervalMs))
    for id in groups.keys.sorted() {
      guard var group = take(id) else { continue }
      group.restoreVolatileState(at: time)
      if group.members.count > Int(configuration.groupMaxSize) {
        _ = prepareRebalance(&group, at: time, into: &effects)
      }
      keep(group)
    }
  }

  var sortedGroups: [ClassicGroup] { groups.values.sorted { $0.id < $1.id } }
}

extension ClassicGroup {
  mutating func restoreVolatileState(at time: Moment) {
    guard let stored else { return }
    generation = stored.generation
    protocolType = stored.protocolType.isEmpty ? nil : stored.protocolType
    protocolName = stored.protocol
    stateTimestamp = stored.currentStateTimestamp < 0 ? nil : stored.currentStateTimestamp
    state = stored.members.isEmpty ? .empty : .stable
    for member in stored.members where members[member.memberId] == nil {
      add(GroupMember(member, protocolName: stored.protocol))
      restartSession(of: member.memberId, at: time)
    }
    if let stored = stored.leader, members[stored] != nil { leader = stored }
  }

  /// The stored form of the group as it is in memory, with the given assignment.
  func metadata(assignment: (GroupMember) -> [UInt8]) -> GroupMetadataValue {
    var value = GroupMetadataValue()
    value.protocolType = protocolType ?? ""
    value.generation = generation
    value.protocol = protocolName
    value.leader = leader
    value.currentStateTimestamp = stateTimestamp ?? -1
    value.members = sortedMembers.map { $0.stored(protocolName: protocolName, assignment: assignment($0)) }
    return value
  }
}
