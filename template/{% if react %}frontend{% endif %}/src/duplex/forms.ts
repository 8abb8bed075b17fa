/** Forms built from the server's contract. */
export { default as ContractForm } from "./bindings/inspector/ContractForm";
export { createContractComposer } from "./inspector/composer";
