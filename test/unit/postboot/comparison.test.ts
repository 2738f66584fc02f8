import { describe, expect, it } from 'vitest';
import { comparison, lookAt, waitUntilSettled } from '../../../src/postboot/comparison.ts';
import { parsePostBootOrder, renderPostBootOrder } from '../../../src/state/post-boot-order.ts';
import { makeContext } from '../context.ts';
import { ADDRESS, ETH0, NOTHING, PRESENT, view } from '../verify/view.ts';

const asked = { ...NOTHING, interfaces: [{ name: 'eth0', addresses: [ADDRESS] }] };
const look = (files: object, present = [PRESENT]) => {
  const seen = view({ ...ETH0, ...files }, present);
  return lookAt(asked, seen);
};

describe('the look of gandi-postboot', () => {
  it('says nothing of a guest that is as asked', () => {
    expect(look({})).toEqual([]);
  });

  it('has what differs for a problem, and not what may still become as asked', () => {
    expect(look({}, [])).toEqual([{ level: 'problem', text: 'eth0 has no 192.0.2.10/24' }]);
    expect(look({ '/sys/class/net/eth0/operstate': 'down\n' }, [])).toEqual([
      { level: 'info', text: 'eth0 has no 192.0.2.10/24; eth0 has no link' },
    ]);
  });

  it('keeps nothing from running where it fails', () => {
    const addressesOf = () => {
      throw new Error('EIO');
    };
    expect(lookAt(asked, { ...view(ETH0), addressesOf })).toEqual([
      { level: 'warning', text: 'what is cannot be compared with what was asked: EIO' },
    ]);
  });

  it('changes nothing', () => {
    const notes = look({}, []);
    expect(comparison(notes).plan(makeContext())).toEqual({ changes: [], notes });
  });

  describe('that nothing waits for', () => {
    /** Addresses that are there from a number of seconds on; the kernel's time passes by waiting alone. */
    async function wait(from: number) {
      let time = 0;
      const seen = view(ETH0);
      const later = {
        ...seen,
        addressesOf: () => (time >= from * 1000 ? [PRESENT] : []),
        ask: () => {
          throw new Error('a manager was asked');
        },
      };
      const pauses: number[] = [];
      await waitUntilSettled(
        asked,
        later,
        () => time,
        (milliseconds) => {
          pauses.push(milliseconds);
          time += milliseconds;
          return Promise.resolve();
        },
      );
      return { time, pauses };
    }

    it('waits for nothing that is there', async () => {
      expect(await wait(0)).toEqual({ time: 0, pauses: [] });
    });

    it('waits until all is there, with few looks', async () => {
      expect(await wait(6)).toEqual({ time: 7500, pauses: [500, 1000, 2000, 4000] });
    });

    it('ends after half a minute', async () => {
      const { time, pauses } = await wait(60);
      expect(time).toBe(30_000);
      expect(pauses.length).toBeLessThan(12);
    });
  });

  it('finds what was asked in the order of gandi-bootstrap', () => {
    expect(parsePostBootOrder(renderPostBootOrder({ digest: 'd', asked }))).toEqual({ digest: 'd', asked });
    expect(parsePostBootOrder('{"digest":"d","asked":{"interfaces":[]}}')).toEqual({ digest: 'd' });
    const look = { digest: 'd', look: true, asked } as const;
    expect(parsePostBootOrder(renderPostBootOrder(look))).toEqual(look);
    expect(parsePostBootOrder('{"digest":"d","asked":7}')).toEqual({ digest: 'd' });
  });
});
