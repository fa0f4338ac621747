/** What ties an input's control to its label and to what is wrong with it. */
export interface Control {
	readonly id: string;
	readonly 'aria-invalid': 'true' | undefined;
	readonly 'aria-describedby': string | undefined;
	readonly 'aria-required': 'true' | undefined;
	readonly 'aria-label': string | undefined;
}
