/** Per parameter what is wrong with it, as the protocol's 400 lists it. */
export type FieldErrors = Record<string, string[]>;

/** Notes what is wrong with a parameter. */
export type Fail = (field: string, message: string) => void;
