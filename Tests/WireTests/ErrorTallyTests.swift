import Testing
import Wire

/// What is counted is what the client is told: every error field of the version that is written, and nothing when reading.
@Test func aResponseCountsTheErrorCodesThatItIsWrittenWith() throws {
  var response = ProduceResponse()
  var topic = ProduceResponse.TopicProduceResponse()
  topic.partitionResponses = ([0, 0, 19] as [Int16]).map { code in
    var row = ProduceResponse.PartitionProduceResponse()
    row.errorCode = code
    return row
  }
  response.responses = [topic]
  let (frame, gaps, errors) = response.countedFrame(version: 9, correlationId: 1)
  #expect(errors.successes == 2)
  #expect(errors.failures == [19])
  #expect(gaps.isEmpty)
  #expect(frame == response.frame(version: 9, correlationId: 1))
  var fetch = FetchResponse()
  fetch.errorCode = 71
  #expect(fetch.countedFrame(version: 12, correlationId: 1).errors.failures == [71])
  // Version 4 has no error code of the whole response.
  #expect(fetch.countedFrame(version: 4, correlationId: 1).errors.failures.isEmpty)
}
