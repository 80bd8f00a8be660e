// Where each partition is on the map, and what each broker is to it. Pure: draws nothing.

import { cut } from "./format.js";

export const cell = 12; // two topics of fifty stand side by side on a laptop
const lineGap = 9;
export const label = 17; // height of a topic's name above its partitions
const topicGap = 16;
export const left = 22; // the brokers' ids
const partitionsMax = 20_000;
const heightMax = 12_000; // canvases end somewhere

export const roles = { none: 0, leader: 1, follower: 2, observer: 3, offline: 4 };

/** Two maps of the same shape put every partition at the same place. */
export const shape = (of) => of.topics.map((topic) => `${topic.name.length}:${topic.name}${topic.partitions.length}`).join() + brokersOf(of).join();

function brokersOf(of) {
  const found = new Set();
  for (const topic of of.topics) for (const partition of topic.partitions) for (const id of partition.replicas) found.add(id);
  return [...found].sort((a, b) => a - b);
}

export function roleOf(partition, broker) {
  if (!partition.replicas.includes(broker)) return roles.none;
  if (partition.offline.includes(broker)) return roles.offline;
  if (partition.leader === broker) return roles.leader;
  return partition.isr.includes(broker) ? roles.follower : roles.observer;
}

/** A broker that is known to be dead leads nothing and is in sync with nobody, even while no controller has said so. */
export const livingLeader = ({ leader, offline }) => (offline.includes(leader) ? -1 : leader);
export const livingISR = ({ isr, offline }) => (offline.length === 0 ? isr : isr.filter((id) => !offline.includes(id)));
export const isTroubled = (partition) => partition.leader < 0 || partition.offline.length > 0 || partition.isr.length < partition.replicas.length;

/** Flows the topics over lines as wide as the stage. */
export function lay(map, wide, onlyTroubled) {
  const brokers = brokersOf(map);
  const lineHeight = brokers.length * cell + lineGap;
  const perLine = Math.max(1, Math.floor((wide - left - 4) / cell));
  const found = { brokers, places: [], names: [], lines: [], notDrawn: 0, lineHeight };
  let x = left;
  let y = 0;
  let open = false;
  for (const topic of map.topics) {
    const partitions = onlyTroubled ? topic.partitions.filter(isTroubled) : topic.partitions;
    if (partitions.length === 0) continue;
    const name = cut(topic.name, 40);
    const nameWide = Math.min(wide - left, name.length * 6.4 + 4);
    const wanted = Math.max(nameWide, partitions.length * cell);
    if (open && x + wanted > wide) {
      y += label + lineHeight;
      x = left;
      open = false;
    }
    if (y + label + lineHeight > heightMax || found.places.length >= partitionsMax) {
      found.notDrawn += partitions.length;
      continue;
    }
    found.names.push({ x, y: y + 12, name });
    if (!open) found.lines.push(y + label);
    let column = 0;
    const begin = x;
    for (const partition of partitions) {
      if (column === perLine) {
        y += lineHeight;
        column = 0;
        found.lines.push(y + label);
      }
      if (y + label + lineHeight > heightMax || found.places.length >= partitionsMax) {
        found.notDrawn += 1;
        continue;
      }
      found.places.push({ topic, partition, x: begin + column * cell, y: y + label });
      column += 1;
    }
    x = begin + Math.max(nameWide, column * cell) + topicGap;
    open = true;
    if (partitions.length > perLine) x = wide + 1;
  }
  found.height = found.places.length ? y + label + lineHeight : 0;
  return found;
}
