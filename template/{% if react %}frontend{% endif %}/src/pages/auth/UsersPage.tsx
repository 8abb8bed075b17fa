import AdminPage from "../../components/auth/AdminPage";
import UsersPanel from "../../components/auth/UsersPanel";

export default function UsersPage() {
  return <AdminPage title="Users">{(self) => <UsersPanel self={self} />}</AdminPage>;
}
