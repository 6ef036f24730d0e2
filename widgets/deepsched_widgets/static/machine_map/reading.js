// @ts-check
/**
 * What the kernel sent, as objects: hardware threads, and the streams that own them. See map_data.py.
 *
 * @typedef {{ title: string, numa_nodes: number, levels: string[], names: Record<string, Record<string, string>>,
 *   l3_bytes: Record<string, number>, threads: Record<string, any[]>, signs: [string, object][] }} Machine
 * @typedef {{ title?: string, owners?: number[], misplaced?: number[],
 *   homes?: Record<string, [string, number, string]>,
 *   findings?: { kind: string, severity: string, streams: number[], message: string, suggestion: string }[],
 *   signs?: [string, object][] }} Plan  Empty without a plan.
 * @typedef {{ cpu: number, core: number, socket: number, numa_node: number, l3: number | null, kind: string | null,
 *   allowed: boolean, stream: number | null, stray: boolean, remote: string | false, load?: number }} Thread
 */

/** List the different values of a property, in order. */
export const listOf = (parts, key) => [...new Set(parts.map((part) => part[key]))];

/** Turn the columns into one object a hardware thread, with its stream. @returns {Thread[]} */
export function readThreads({ threads }, { owners = [], homes = {}, misplaced = [] }) {
  return threads.cpu.map((_, i) => {
    const thread = Object.fromEntries(Object.entries(threads).map(([key, values]) => [key, values[i]]));
    const stream = owners[i] >= 0 ? owners[i] : null;
    const [level, home, words] = homes[stream] ?? [];
    return { ...thread, stream, remote: thread[level] !== home && words, stray: misplaced.includes(stream) };
  });
}

/** Group the threads by stream. @returns {Thread[][]} */
export function readStreams(threads) {
  const streams = [];
  for (const thread of threads) if (thread.stream !== null) (streams[thread.stream] ??= []).push(thread);
  return streams;
}

/** List the streams that use a part of the machine. */
export const findUsers = ({ threads }) => Object.keys(readStreams(threads)).map(Number);

/** Cut a name to its first part. */
export const cutName = (name) => name.split(" · ")[0];
