import { beforeEach, describe, expect, it, vi } from "vitest";
import { keepUploadAddress, uploadAddress } from "../transfers/uploads";
import { claimTab, clearTab } from "./owner";

const SECRET = "/v1/uploads/id.secret";

class Kept {
  getItem(key: string): string | null {
    return (this as unknown as Record<string, string>)[key] ?? null;
  }
  setItem(key: string, value: string): void {
    Object.assign(this, { [key]: value });
  }
  removeItem(key: string): void {
    Reflect.deleteProperty(this, key);
  }
}

describe("whose tab it is", () => {
  beforeEach(() => vi.stubGlobal("sessionStorage", new Kept()));

  it("forgets the addresses of uploads, which hold secrets, with everything else", () => {
    claimTab("alice");
    keepUploadAddress("draft", SECRET);
    claimTab("alice");
    expect(uploadAddress("draft")).toBe(SECRET);
    clearTab();
    expect(uploadAddress("draft")).toBeUndefined();
    expect(JSON.stringify(sessionStorage)).not.toContain(SECRET);
  });
});
