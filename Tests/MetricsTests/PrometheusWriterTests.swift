import Metrics
import Testing

@Test func whatIsWrittenIsRead() throws {
  var writer = PrometheusWriter()
  writer.metric("a_total", .counter, "With \\ and\nbreak.")
  let labels = PrometheusLabels("partition", "0")
  writer.sample(3, labels.adding("topic", "quote \" slash \\ break \n end é"))
  writer.sample(Int64.max, labels)
  writer.metric("never", .gauge, "Without samples.")
  writer.metric("b", .gauge, "Numbers.")
  writer.sample(0.25)
  writer.sample(Double.nan, PrometheusLabels("kind", "nan"))
  writer.sample(-Double.infinity, PrometheusLabels("kind", "infinite"))
  let text = String(decoding: writer.bytes, as: UTF8.self)
  #expect(
    text.hasPrefix("# HELP a_total With \\\\ and\\nbreak.\n# TYPE a_total counter\na_total{partition=\"0\",topic="))
  #expect(!text.contains("never"))
  let page = try PrometheusPage(parsing: writer.bytes)
  #expect(page.types == ["a_total": .counter, "b": .gauge])
  #expect(page.samples.count == 5)
  #expect(page.samples[0]["topic"] == "quote \" slash \\ break \n end é")
  #expect(page.value(of: "b") == 0.25)
  #expect(page.value(of: "b", [.init("kind", "nan")])?.isNaN == true)
  #expect(page.value(of: "b", [.init("kind", "infinite")]) == -.infinity)
  #expect(page.value(of: "a_total", [.init("partition", "0")]) == Double(Int64.max))
}
