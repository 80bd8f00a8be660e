import Consensus
import Primitives

/// Something that will happen in the simulated world. Nodes are named by their index.
enum RaftHappening {
  case timer(node: Int, life: Int)
  case request(from: Int, life: Int, to: Int, RequestID, RaftRequest)
  case response(from: Int, to: Int, life: Int, RequestID, RaftResponse)
  case requestFailed(node: Int, life: Int, peer: Int, RequestID)
  case unreachable(node: Int, peer: Int)
  case disturbance(RaftDisturbance)
}

/// What chance, or a transcript, does to the cluster.
enum RaftDisturbance {
  case crash
  case restart(Int)
  case partition, heal, pause, propose, snapshot, writeBack, resign
}
