import AdminPage from "../../components/auth/AdminPage";
import AuditPanel from "../../components/auth/AuditPanel";

export default function AuditPage() {
  return <AdminPage title="Audit log">{() => <AuditPanel />}</AdminPage>;
}
