import type { Flow, Run, RunState } from '../api/runs';

/** Sizes of the drawing, in CSS pixels; page.css has the size of a node too. */
export const NODE = { width: 156, height: 54 };
const STEP = { x: NODE.width + 10, y: NODE.height + 20 };
/** Room for the ways around the nodes: above them, beside them, and between two lanes. */
const MARGIN = { top: 40, left: 18, right: 14 };
const BETWEEN_LANES = 32;

type Part = RunState['part'];

export interface Place {
  readonly state: string;
  readonly part: Part;
  readonly x: number;
  readonly y: number;
}

export interface Way {
  readonly key: string;
  /** `d` of an SVG path. */
  readonly path: string;
  readonly kind: Flow['edges'][number]['kind'];
  /** Whether the run has gone it. */
  readonly taken: boolean;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly lanes: readonly { readonly part: Part; readonly x: number }[];
  /** In the order in which a run enters the states. */
  readonly places: readonly Place[];
  readonly ways: readonly Way[];
}

const columnsOf = (rows: readonly unknown[][]) => Math.max(...rows.map((row) => row.length));

/** The way forward goes down, the undos come up beside it, and what ends a failed run goes down again. */
function placesOf({ lanes }: Flow): Omit<Layout, 'ways' | 'height'> {
  let x = MARGIN.left;
  const drawn = lanes.map(({ part, rows }) => {
    const lane = { part, x };
    const places = rows.flatMap((row, n) =>
      row.flatMap((state, column) => {
        const at = part === 'undo' ? rows.length - 1 - n : n;
        return state === null ? [] : [{ state, part, x: lane.x + column * STEP.x, y: MARGIN.top + at * STEP.y }];
      }),
    );
    x += columnsOf(rows) * STEP.x + BETWEEN_LANES;
    return { lane, places };
  });
  return {
    width: x - BETWEEN_LANES + MARGIN.right,
    lanes: drawn.map(({ lane }) => lane),
    places: drawn.flatMap(({ places }) => places),
  };
}

/** In one lane: from one node's side to the next one's. Against the course of the lane, around its left side. */
function within(from: Place, to: Place, left: number): string {
  const isUp = to.part === 'undo';
  const half = NODE.width / 2;
  if (isUp ? to.y < from.y : to.y > from.y) {
    const start = isUp ? from.y : from.y + NODE.height;
    const end = isUp ? to.y + NODE.height : to.y;
    const bend = isUp ? end + 10 : end - 10;
    return `M${from.x + half} ${start}V${bend}H${to.x + half}V${end}`;
  }
  const [start, end] = [from.y + NODE.height / 2 + 8, to.y + NODE.height / 2 - 8];
  return `M${from.x} ${start}H${left}V${end}H${to.x}`;
}

/** To another lane on the right: by the gap behind the own lane. */
function across(from: Place, to: Place, gap: number): string {
  const [start, end] = [from.y + NODE.height / 2, to.y + NODE.height / 2];
  return `M${from.x + NODE.width} ${start}H${gap}V${end}H${to.x}`;
}

/** Back to the first lane: around the top. */
const around = (from: Place, to: Place) =>
  `M${from.x + NODE.width} ${from.y + NODE.height / 2}h8V${MARGIN.top - 14}H${to.x + NODE.width / 2}V${to.y}`;

/** Where every state of a run stands in its drawing, and the ways between them. */
export function layoutOf({ flow, states }: Pick<Run, 'flow' | 'states'>): Layout {
  const { places, lanes, width } = placesOf(flow);
  const placeOf = new Map(places.map((place) => [place.state, place]));
  const statusOf = new Map(states.map(({ state, status }) => [state, status]));
  const order: readonly Part[] = lanes.map(({ part }) => part);
  const leftOf = (part: Part) => lanes.find((lane) => lane.part === part)?.x ?? 0;
  const nextLeft = (part: Part) => lanes[order.indexOf(part) + 1]?.x ?? width;
  const isReached = (state: string) => statusOf.get(state) !== 'waiting';
  const hasGone = ({ from, to, kind }: Flow['edges'][number]) => {
    if (!isReached(to) || statusOf.get(from) !== (kind === 'error' ? 'failed' : 'done')) return false;
    // A choice was made only where the run has not gone on as it does by default.
    const others = flow.edges.filter((edge) => edge.from === from && edge.kind === 'next');
    return kind !== 'choice' || !others.some((edge) => isReached(edge.to));
  };
  const ways = flow.edges.flatMap((edge): Way[] => {
    const [from, to] = [placeOf.get(edge.from), placeOf.get(edge.to)];
    if (!from || !to) return [];
    const [own, other] = [order.indexOf(from.part), order.indexOf(to.part)];
    // Of errors, those that begin a rollback are drawn; a failed run tells which one it was.
    if (edge.kind !== 'next' && (own !== 0 || (own === other && to.y > from.y))) return [];
    const path =
      own === other
        ? within(from, to, leftOf(from.part) - 12)
        : own < other
          ? across(from, to, nextLeft(from.part) - BETWEEN_LANES / 2)
          : around(from, to);
    return [
      { key: `${edge.kind} ${edge.from} ${edge.to}`, path, kind: edge.kind, taken: own <= other && hasGone(edge) },
    ];
  });
  const height = Math.max(...places.map(({ y }) => y)) + NODE.height + 4;
  return { width, height, lanes, places, ways };
}
