import Controller
import Primitives

extension MetadataImage {
  /// Whether the broker is registered in this life of its process.
  ///
  /// Before, whatever the metadata says of its partitions was meant for an earlier life, which may have had records that
  /// are lost: a broker that led on from there would have its followers cut theirs to its own log.
  package func knows(_ id: BrokerID, _ incarnation: UUID128) -> Bool { broker(id)?.incarnation == incarnation }
}
