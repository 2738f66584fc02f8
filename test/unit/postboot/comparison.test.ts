import { describe, expect, it } from 'vitest';
import { parsePostBootOrder, renderPostBootOrder } from '../../../src/plan/post-boot-order.ts';
import { comparison, lookAt } from '../../../src/postboot/comparison.ts';
import { makeContext, makeFiles } from '../context.ts';
import { ADDRESS, ETH0, NOTHING, PRESENT, view } from '../verify/view.ts';

const asked = { ...NOTHING, interfaces: [{ name: 'eth0', addresses: [ADDRESS] }] };
const look = (files: object, present = [PRESENT]) => {
  const seen = view({ ...ETH0, ...files }, present);
  return lookAt(asked, seen.files, seen);
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
    expect(lookAt(asked, makeFiles({}), { ...view(ETH0), addressesOf })).toEqual([
      { level: 'warning', text: 'what is cannot be compared with what was asked: EIO' },
    ]);
  });

  it('changes nothing', () => {
    const notes = look({}, []);
    expect(comparison(notes).plan(makeContext())).toEqual({ changes: [], notes });
  });

  it('finds what was asked in the order of gandi-bootstrap', () => {
    expect(parsePostBootOrder(renderPostBootOrder({ digest: 'd', asked }))).toEqual({ digest: 'd', asked });
    expect(parsePostBootOrder('{"digest":"d","asked":{"interfaces":[]}}')).toEqual({ digest: 'd' });
    expect(parsePostBootOrder('{"digest":"d","asked":7}')).toEqual({ digest: 'd' });
  });
});
