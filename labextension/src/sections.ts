/** Which heading of the notebook each cell stands below. Pure. */

export interface ITold {
  id: string;
  cell_type: string;
  getSource: () => string;
}

const HEADING = /^#{1,6}\s+(.+?)\s*#*\s*$/m;

/** Cell id -> the nearest heading above it; cells above the first one are not in it. */
export function sectionsOf(cells: readonly ITold[]): Map<string, string> {
  const sections = new Map<string, string>();
  let heading = '';
  for (const cell of cells) {
    if (cell.cell_type === 'markdown') {
      heading = HEADING.exec(cell.getSource())?.[1] ?? heading;
    } else if (heading) {
      sections.set(cell.id, heading);
    }
  }
  return sections;
}
