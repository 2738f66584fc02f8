import { describe, expect, it } from 'vitest';
import { catchInterrupts } from '../../../../src/host/commands/interrupts.ts';

describe('signals', () => {
  it('are counted until they are released, with the first of them', () => {
    const before = process.listenerCount('SIGINT');
    const interrupts = catchInterrupts();
    expect([interrupts.count, interrupts.first]).toEqual([0, undefined]);
    // No real signal: the runner of the tests would get it too.
    process.emit('SIGTERM', 'SIGTERM');
    process.emit('SIGINT', 'SIGINT');
    expect([interrupts.count, interrupts.first]).toEqual([2, 'SIGTERM']);
    interrupts.release();
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});
