import type fc from 'fast-check';

/** The dice of the generators, over fast-check's own random numbers: one seed, one case. */
export class Choice {
	readonly #random: fc.Random;

	constructor(random: fc.Random) {
		this.#random = random;
	}

	/** A whole number from 0 up to, but not including, `count`. */
	below(count: number): number {
		return this.#random.nextInt(0, count - 1);
	}

	/** From `low` to `high`, both included. */
	between(low: number, high: number): number {
		return this.#random.nextInt(low, high);
	}

	/** True in so many of a hundred cases. */
	percent(chance: number): boolean {
		return this.below(100) < chance;
	}

	pick<T>(items: readonly T[]): T {
		return items[this.below(items.length)]!;
	}

	/** By weight; those of weight 0 never. */
	weighted<T>(...items: readonly (readonly [weight: number, item: T])[]): T {
		let left = this.below(items.reduce((sum, [weight]) => sum + weight, 0));
		for (const [weight, item] of items) {
			left -= weight;
			if (left < 0) return item;
		}
		return items[0]![1];
	}

	/** Some of the items, in their order. */
	some<T>(items: readonly T[], chance: number): T[] {
		return items.filter(() => this.percent(chance));
	}

	shuffled<T>(items: readonly T[]): T[] {
		const left = [...items];
		return items.map(() => left.splice(this.below(left.length), 1)[0]!);
	}

	times<T>(count: number, make: (index: number) => T): T[] {
		return Array.from({ length: count }, (_, index) => make(index));
	}
}
