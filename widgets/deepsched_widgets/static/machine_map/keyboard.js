// @ts-check
/** Find which of the places a key leads to from the place at `index`; undefined where it leads nowhere. */
export function findNeighbour(places, index, key) {
  const along = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: places.length - 1 };
  const down = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (!down) return along[key];
  const { x, y } = places[index];
  const distance = (i) => Math.abs(places[i].y - y) + 2 * Math.abs(places[i].x - x);
  const beyond = places.flatMap((place, i) => ((place.y - y) * down > 1 ? [i] : []));
  return beyond.sort((a, b) => distance(a) - distance(b))[0];
}
