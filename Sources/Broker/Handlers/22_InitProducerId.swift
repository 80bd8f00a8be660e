import Primitives
import Wire

/// InitProducerId, versions 0–5, for idempotent producers. Transactional ids are refused: transactions are not served.
extension DataPlane {
  func initProducerId(_ context: RequestContext, _ request: InitProducerIdRequest) {
    var response = InitProducerIdResponse()
    response.producerId = -1
    response.producerEpoch = -1
    guard request.transactionalId == nil else {
      response.errorCode = ErrorCode.transactionalIdAuthorizationFailed.rawValue
      return context.reply(response)
    }
    allocateProducerID { id in
      if let id {
        response.producerId = id.rawValue
        response.producerEpoch = 0
      } else {
        response.errorCode = ErrorCode.coordinatorLoadInProgress.rawValue
      }
      context.reply(response)
    }
  }

  /// An id that no other producer has had: from the block at hand, or from a new one of the controller's.
  private func allocateProducerID(_ done: @escaping (ProducerID?) -> Void) {
    if producerIDs.next < producerIDs.end {
      producerIDs.next += 1
      return done(ProducerID(producerIDs.next - 1))
    }
    producerIDs.waiting.append(done)
    guard !producerIDs.isAsking else { return }
    producerIDs.isAsking = true
    var request = AllocateProducerIdsRequest()
    request.brokerId = nodeID.rawValue
    request.brokerEpoch = brokerEpoch.rawValue
    callController(request, timeout: .seconds(10)) { [weak self] response in
      guard let self else { return }
      self.producerIDs.isAsking = false
      if let response, response.errorCode == 0, response.producerIdLen > 0 {
        self.producerIDs.next = response.producerIdStart
        self.producerIDs.end = response.producerIdStart + Int64(response.producerIdLen)
      }
      let waiting = self.producerIDs.waiting
      self.producerIDs.waiting = []
      for done in waiting {
        guard self.producerIDs.next < self.producerIDs.end else {
          done(nil)
          continue
        }
        self.producerIDs.next += 1
        done(ProducerID(self.producerIDs.next - 1))
      }
    }
  }
}
