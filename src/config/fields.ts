import { z } from "zod";

/** What several parts of the schema say alike: a value with its default and its description. */
export const percent = (fallback: number, text: string) => z.number().min(0).max(100).default(fallback).describe(text);
export const flag = (fallback: boolean, text: string) => z.boolean().default(fallback).describe(text);
export const names = (fallback: string[], text: string) => z.array(z.string().min(1)).default(fallback).describe(text);

export const seconds = (fallback: number, text: string) =>
  z.number().gt(0).max(86_400).default(fallback).describe(text);
