import { Listr } from 'listr2';
import { cleanLine } from '../../machine/runtime/clean-text.ts';
import type { OrderEvent, OrderReport } from './order-event.ts';

interface Row {
  title: string;
  settle: (event: OrderEvent) => void;
  settled: Promise<OrderEvent>;
}

function rowOf(name: string): Row {
  let settle: Row['settle'] = () => undefined;
  const settled = new Promise<OrderEvent>((resolve) => {
    settle = resolve;
  });
  return { title: cleanLine(name), settle, settled };
}

/**
 * A line for each guest that changes while its part is done.
 * @param others where what is about no guest is told, once the rows are through
 */
export function progressReport(
  guests: readonly { uuid: string; name: string }[],
  others: OrderReport,
): OrderReport {
  const rows = new Map(guests.map(({ uuid, name }) => [uuid, rowOf(name)]));
  const later: OrderEvent[] = [];
  const list = new Listr(
    [...rows.values()].map(({ title, settled }) => ({
      title,
      async task(_: unknown, task: { title?: string | undefined }) {
        const event = await settled;
        task.title = cleanLine(event.text);
        if (event.failed) throw new Error(task.title);
      },
    })),
    { concurrent: true, exitOnError: false, registerSignalListeners: false },
  );
  const shown = list.run();
  return {
    tell(event) {
      const row = event.uuid === undefined ? undefined : rows.get(event.uuid);
      if (row === undefined) later.push(event);
      else row.settle(event);
    },
    async end() {
      for (const { settle, title } of rows.values()) settle({ event: 'unknown', text: title });
      await shown;
      for (const event of later) others.tell(event);
    },
  };
}
