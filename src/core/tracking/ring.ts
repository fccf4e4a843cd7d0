/** The last `capacity` items that were put in; the oldest gives way. */
export class Ring<T> {
  readonly capacity: number;
  private readonly items: T[] = [];
  /** Where the next one goes once the ring is full. */
  private next = 0;

  /** @throws RangeError where the capacity is no positive whole number */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1)
      throw new RangeError(`The capacity is a whole number from 1 up, not ${capacity}.`);
    this.capacity = capacity;
  }

  get size(): number {
    return this.items.length;
  }

  push(item: T): void {
    if (this.items.length < this.capacity) this.items.push(item);
    else this.items[this.next] = item;
    this.next = (this.next + 1) % this.capacity;
  }

  /** The last `most` items, oldest first. */
  last(most: number): T[] {
    const wanted = Math.min(Math.max(0, Math.floor(most)), this.items.length);
    const from = this.items.length < this.capacity ? 0 : this.next;
    const ordered = [...this.items.slice(from), ...this.items.slice(0, from)];
    return wanted === 0 ? [] : ordered.slice(-wanted);
  }
}
